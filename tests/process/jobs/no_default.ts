/** No job: nothing is exported as the default. */
export const answer = 42;
