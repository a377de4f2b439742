/** No job: it throws when it is imported. */
throw new Error("cannot set up");
