/** A module that exports something else than a job. */
export default { name: "no job" };
