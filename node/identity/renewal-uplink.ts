// The connection to the controllers as far as the renewal of a certificate needs it.
/** IssuedIdentity is a controller's answer: a certificate, and whom to trust (PEM). */
export type IssuedIdentity = { readonly certificate: string; readonly authority: readonly string[] };

/** RenewalUplink is the connection as a renewal uses it. */
export type RenewalUplink = {
  /** renew asks a controller for a certificate for a request (PKCS #10, PEM). Throws XnetError. */
  renew(request: { readonly csr: string }, signal: AbortSignal): Promise<IssuedIdentity>;
  /** showNewest makes calls use the newest certificate. */
  showNewest(): Promise<void>;
  /** wake ends the pause before the next connection attempt. */
  wake(): void;
};
