// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later
//
// A provider of sign-ins that we did not write (npm oidc-provider), on loopback. It asks nobody: POST /set says who
// sits before it, and what it says of them. Arguments: the package's main file, a port, the redirect address.

import { generateKeyPairSync, randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { pathToFileURL } from "node:url";

const [, , main, port, redirect] = process.argv;
const { default: Provider } = await import(pathToFileURL(main).href);
const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const key = { ...privateKey.export({ format: "jwk" }), use: "sig", alg: "ES256", kid: randomBytes(6).toString("hex") };
const issuer = `http://localhost:${port}`;
const realNow = Date.now;
let shift = 0; // of its clock, in milliseconds
Date.now = () => realNow() + shift;
let person = { subject: "s-1", amr: ["pwd", "otp"], acr: undefined };

// Its own way to us refuses loopback, and gives up after 2.5 s: a busy machine takes longer.
function plainly(url, { method, redirect, headers, body }) {
  return globalThis.fetch(url, { method, redirect, headers, body });
}

const provider = new Provider(issuer, {
  fetch: plainly,
  clients: [
    {
      client_id: "torrazzo",
      client_secret: "segreto: di prova +1",
      redirect_uris: [redirect],
      post_logout_redirect_uris: [new URL("/", redirect).href],
      id_token_signed_response_alg: "ES256",
      backchannel_logout_uri: new URL("/api/v1/sign-in/provider/logout", redirect).href,
    },
  ],
  jwks: { keys: [key] },
  acrValues: ["gold"],
  cookies: { keys: ["of a test"] },
  claims: { openid: ["sub"], acr: null, amr: null, auth_time: null },
  pkce: { required: () => true },
  ttl: { IdToken: 60, AuthorizationCode: 60, AccessToken: 60, Interaction: 60, Session: 600, Grant: 600 },
  features: { devInteractions: { enabled: false }, claimsParameter: { enabled: true }, backchannelLogout: { enabled: true } },
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, amr: person.amr, acr: person.acr }) }),
  loadExistingGrant: async (ctx) => {
    const grant = new ctx.oidc.provider.Grant({
      clientId: ctx.oidc.client.clientId,
      accountId: ctx.oidc.session.accountId,
    });
    grant.addOIDCScope("openid");
    await grant.save();
    return grant;
  },
});
const answer = provider.callback();

const server = createServer(async (request, response) => {
  if (request.url === "/set") {
    let said = "";
    for await (const part of request) said += part;
    person = { ...person, ...JSON.parse(said) };
    shift = person.shift ?? shift;
    response.end("{}");
  } else if (request.url === "/leave") {
    const client = await provider.Client.find("torrazzo");
    const told = await client.backchannelLogout(person.subject, "a session").then(() => "", String);
    response.end(JSON.stringify({ told }));
  } else if (request.url.startsWith("/interaction/")) {
    const login = { accountId: person.subject, amr: person.amr, acr: person.acr, ts: person.ts };
    await provider.interactionFinished(request, response, person.refuses ? { error: "access_denied" } : { login });
  } else {
    answer(request, response);
  }
});
server.listen(Number(port), "127.0.0.1", () => console.log("listening"));
