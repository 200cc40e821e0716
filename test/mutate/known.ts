/** Changes that no test can notice, because the program does the same with them, each with the reason. */
export const KNOWN: readonly { file: string; code: string; becomes: string; why: string }[] = []
