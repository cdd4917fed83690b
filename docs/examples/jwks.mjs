// Validates a participant token by the service's public keys alone, with Node's own crypto (Node 18 or later, no package).
//
//   echo "$TOKEN" | TOKENSERVICE_URL=… ISSUER=… WORKSPACE_ID=… ENVIRONMENT=… CAMPAIGN_ID=… node jwks.mjs
//
// Checks the signature with the key that `kid` names and that key's own algorithm, `typ`, `iss`, `aud`, `exp`, `nbf`, `iat`,
// `env` and `campaign_id`, and refuses tokens that are bound to a browser's key (`cnf`), whose proof it does not look at.
//
// It can not see that a token was revoked or its session ended: what the service refuses at once is accepted here until it
// expires. Where that matters, ask the service (verify.mjs) or put it behind forward authentication.

import { createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { argv, env } from 'node:process';

const SKEW_SECONDS = 30; // between the service's clock and ours, on `nbf` and `iat`; none on `exp`
const HASH = { ES256: 'sha256', EdDSA: null };

/** The service's public keys. An unknown `kid` has them fetched again, at most once a minute. */
export class KeySet {
  #keys = new Map();
  #fetched = -Infinity;

  constructor(url) {
    this.url = `${url}/.well-known/jwks.json`;
  }

  async key(kid) {
    if (!this.#keys.has(kid) && performance.now() - this.#fetched >= 60_000) {
      this.#fetched = performance.now();
      const response = await fetch(this.url, { signal: AbortSignal.timeout(5000) });
      if (!response.ok) throw new Error(`no keys: ${response.status}`);
      const { keys } = await response.json();
      this.#keys = new Map(keys.map((jwk) => [jwk.kid, { alg: jwk.alg, key: createPublicKey({ key: jwk, format: 'jwk' }) }]));
    }
    const found = this.#keys.get(kid);
    if (!found) throw new Error('unknown key');
    return found;
  }
}

function bytes(part) {
  const decoded = Buffer.from(part, 'base64url');
  if (decoded.toString('base64url') !== part) throw new Error('malformed'); // Buffer skips what is not base64url
  return decoded;
}

/** The claims of a good token. Throws where it is not good, and where the keys can not be had: refuse then, too. */
export async function participant(token, keys, { issuer, workspaceId, environment, campaignId }) {
  const parts = token.split('.');
  if (parts.length !== 3) throw new Error('malformed');
  const header = JSON.parse(bytes(parts[0]));
  if (header.typ !== 'participant+jwt') throw new Error('not a participant token');
  const { alg, key } = await keys.key(header.kid);
  // The key's algorithm, never the token's.
  if (header.alg !== alg || !Object.hasOwn(HASH, alg)) throw new Error('algorithm');
  const signed = Buffer.from(`${parts[0]}.${parts[1]}`);
  if (!verify(HASH[alg], signed, { key, dsaEncoding: 'ieee-p1363' }, bytes(parts[2]))) throw new Error('signature');

  const claims = JSON.parse(bytes(parts[1]));
  const now = Date.now() / 1000;
  if (claims.iss !== issuer) throw new Error('issuer');
  if (claims.aud !== `${workspaceId}/participant`) throw new Error('audience');
  if (!(now < claims.exp)) throw new Error('expired'); // also where exp is missing
  if (!(claims.nbf <= now + SKEW_SECONDS && claims.iat <= now + SKEW_SECONDS)) throw new Error('not yet');
  if (claims.env !== environment || claims.campaign_id !== campaignId) throw new Error('for another environment or campaign');
  if (claims.cnf) throw new Error("bound to a browser's key: the service checks its proof, this code does not");
  return claims;
}

if (basename(argv[1] ?? '') === 'jwks.mjs') {
  try {
    const where = {
      issuer: env.ISSUER, workspaceId: env.WORKSPACE_ID, environment: env.ENVIRONMENT, campaignId: env.CAMPAIGN_ID,
    };
    const token = readFileSync(0, 'utf8').trim();
    console.log(JSON.stringify(await participant(token, new KeySet(env.TOKENSERVICE_URL), where)));
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
