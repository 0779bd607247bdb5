// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

/** The browser's part of passkeys (WebAuthn): to make one, and to sign in with it. */

export function hasPasskeys(): boolean {
  return typeof PublicKeyCredential === "function" && "parseRequestOptionsFromJSON" in PublicKeyCredential;
}

/** Raises `DOMException` when the person or the authenticator says no. */
export async function askPasskey(options: PublicKeyCredentialRequestOptionsJSON): Promise<AuthenticationResponseJSON> {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  const given = await navigator.credentials.get({ publicKey });
  if (!(given instanceof PublicKeyCredential)) throw new DOMException("no passkey was given", "NotAllowedError");
  return given.toJSON() as AuthenticationResponseJSON;
}

/** Makes one; raises `DOMException` when the person or the authenticator says no. */
export async function makePasskey(options: PublicKeyCredentialCreationOptionsJSON): Promise<RegistrationResponseJSON> {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
  const made = await navigator.credentials.create({ publicKey });
  if (!(made instanceof PublicKeyCredential)) throw new DOMException("no passkey was made", "NotAllowedError");
  return made.toJSON() as RegistrationResponseJSON;
}
