/** The most tasks of one delivery. */
export const MOST_TASKS = 100;

/** Why a delivery that names more is refused: somebody has to know. */
export const TOO_MANY = `names more than ${MOST_TASKS} tasks`;
