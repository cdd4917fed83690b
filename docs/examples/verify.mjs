// Asks the service about a participant token: POST /v1/tokens/verify. Node 18 or later, no package.
//
//   echo "$TOKEN" | TOKENSERVICE_URL=… TOKENSERVICE_API_KEY=… CAMPAIGN_ID=… node verify.mjs
//
// The service checks signature, issuer, expiry, revocation, ended sessions, and that the token is of the key's workspace and
// environment; this code checks that it is a participant token for this campaign. The key needs the scope tokens:read.

import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { argv, env } from 'node:process';

/** What the token stands for. Throws where it is not good, and where the service does not answer: refuse then, too. */
export async function participant(token, { url, apiKey, campaignId }) {
  const response = await fetch(`${url}/v1/tokens/verify`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${apiKey}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ token }),
    signal: AbortSignal.timeout(5000),
  });
  if (!response.ok) throw new Error(`not verified: ${response.status}`);
  const answer = await response.json();
  if (!answer.valid) throw new Error(answer.code);
  if (answer.kind !== 'participant') throw new Error('an invite token, which is for the widget to redeem');
  if (answer.campaign_id !== campaignId) throw new Error('a token for another campaign');
  return answer;
}

if (basename(argv[1] ?? '') === 'verify.mjs') {
  try {
    const token = readFileSync(0, 'utf8').trim();
    const where = { url: env.TOKENSERVICE_URL, apiKey: env.TOKENSERVICE_API_KEY, campaignId: env.CAMPAIGN_ID };
    console.log(JSON.stringify(await participant(token, where)));
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
