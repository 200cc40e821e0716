/** The names that `--without` takes. */
export const SUBJECTS = ['lists', 'pushes', 'authorize', 'commands', 'transport'] as const
