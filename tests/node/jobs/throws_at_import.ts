/** A job whose module cannot be evaluated in a worker. */
throw new Error("boom at import");
