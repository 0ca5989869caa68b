// The certified provider, for our relying party to sign in at. Prints "ready" when it listens.
import { exportJWK, generateKeyPair } from "jose";
import Provider from "oidc-provider";

const { issuer, clientId, secret, redirect, subject } = JSON.parse(process.argv[2]);
const { privateKey } = await generateKeyPair("RS256", { extractable: true });
const provider = new Provider(issuer, {
  clients: [{ client_id: clientId, client_secret: secret, redirect_uris: [redirect] }],
  jwks: { keys: [{ ...(await exportJWK(privateKey)), kid: "first", alg: "RS256", use: "sig" }] },
  features: { devInteractions: { enabled: true } },
  pkce: { required: () => true },
  cookies: { keys: ["only for this test"] },
  async findAccount() {
    return { accountId: subject, claims: async () => ({ sub: subject }) };
  },
});
provider.listen(Number(new URL(issuer).port), "127.0.0.1", () => console.log("ready"));
