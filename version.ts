/**
 * The version of the package, as it is said in handshakes and by `gristmill version`.
 *
 * @module
 */

/** The version of the package. A test holds it equal to the manifests. */
export const packageVersion = "0.1.0";
