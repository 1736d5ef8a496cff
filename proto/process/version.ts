// The version of everything in this package. A test compares it with package.json.

/** version is "MAJOR.MINOR.PATCH" (semver.org). */
export const version = '0.1.0';
