import { hostedPorts } from '../../shared/connections/connect-ports.ts';
import { connectionsContract } from '../../shared/connections/contract.ts';
import { failurePage } from '../../shared/connections/failure-page.ts';
import { linkPage } from '../../shared/connections/link-page.ts';
import { readOwner } from '../../shared/connections/owner.ts';
import { start } from '../../shared/connections/start.ts';
import { readEnv } from '../../shared/core/env.ts';
import { ok } from '../../shared/core/result.ts';
import { page } from '../middleware/page.ts';

const contract = connectionsContract.start;
const env = readEnv(contract.env);
const owner = readOwner(env.OWNER);
const ports = hostedPorts(env);

export const handler = page(
  contract,
  { secure: env.STAGE !== 'local', failure: (error, requestId) => failurePage(owner, error, requestId) },
  async ({ path, form, cookie, header, moment }) => {
    const sent = { link: path.link, form, cookie, origin: header('origin'), fetchSite: header('sec-fetch-site') };
    const started = await start(ports, sent, moment);
    if (!started.ok) return started;
    if ('goTo' in started.value) return ok(started.value);
    const { open, way, csrf, ...again } = started.value.again;
    return ok({ page: linkPage(owner, { ...open, way, csrf, again, link: path.link }) });
  },
);
