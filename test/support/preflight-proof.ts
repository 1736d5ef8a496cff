// Where a reason of preflight is proven: a fixture triggers it through preflight itself, and its fix clears it.

/** PreflightProof names the fixture of a reason and the test that runs it. */
export type PreflightProof = {
  /** The file that has the fixture, below test, without its suffix: "support/preflight-lan". */
  readonly fixture: string;
  /** The file that runs it, "net/preflight", and the title of its test. */
  readonly test: string;
  readonly title: string;
};
