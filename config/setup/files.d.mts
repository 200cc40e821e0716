/** A port on 127.0.0.1 that is free now, not handed out before by this process. See files.mjs. */
export function freePort(wanted?: number): Promise<number>
