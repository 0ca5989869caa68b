// Signs in at our issuer with the certified client, and prints what it saw as one line of JSON.
import * as client from "openid-client";

const { issuer, clientId, secret, redirect, login, password } = JSON.parse(process.argv[2]);
const cookies = {};

async function browse(address, options = {}) {
  const cookie = Object.entries(cookies).map(([name, value]) => `${name}=${value}`).join("; ");
  const origin = new URL(issuer).origin;
  const answer = await fetch(address, { redirect: "manual", ...options, headers: { ...options.headers, cookie, origin } });
  for (const line of answer.headers.getSetCookie()) {
    const [name, value] = line.split(";")[0].split("=");
    cookies[name] = value;
  }
  return answer;
}

async function refusal(work) {
  try {
    await work();
    return null;
  } catch (error) {
    return error.error ?? error.code ?? error.message;
  }
}

const server = await client.discovery(new URL(issuer), clientId, secret ?? undefined, secret ? undefined : client.None(), {
  execute: [client.allowInsecureRequests],
});
const verifier = client.randomPKCECodeVerifier();
const state = client.randomState();
const nonce = client.randomNonce();
const address = client.buildAuthorizationUrl(server, {
  redirect_uri: redirect,
  scope: "openid email profile phone",
  code_challenge: await client.calculatePKCECodeChallenge(verifier),
  code_challenge_method: "S256",
  state,
  nonce,
});
const page = await (await browse(address)).text();
const action = new URL(page.match(/<form[^>]* action="([^"]+)"/)[1].replaceAll("&amp;", "&"), issuer);
const form = new URLSearchParams({ login, password });
const answer = await browse(action, { method: "POST", body: form });
const callback = new URL(answer.headers.get("location"));
const expected = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true };
const tokens = await client.authorizationCodeGrant(server, callback, expected);
const claims = tokens.claims();
const userinfo = await client.fetchUserInfo(server, tokens.access_token, claims.sub);
const replay = await refusal(() => client.authorizationCodeGrant(server, callback, expected));

// Signed in already: no form this time. Another verifier must not get the tokens.
const second = new URL((await browse(address)).headers.get("location"));
const other = { ...expected, pkceCodeVerifier: client.randomPKCECodeVerifier() };
const wrongVerifier = await refusal(() => client.authorizationCodeGrant(server, second, other));

const out = client.buildEndSessionUrl(server, { id_token_hint: tokens.id_token, post_logout_redirect_uri: new URL("/", redirect).href });
const signedOut = await browse(out);
const again = await browse(address);
console.log(JSON.stringify({ claims, userinfo, replay, wrongVerifier, signedOut: signedOut.status, back: signedOut.headers.get("location"), again: again.status }));
