import { startPorts } from '../../shared/connections/connect-ports.ts';
import { connectionsContract } from '../../shared/connections/contract.ts';
import { readOwner } from '../../shared/connections/owner.ts';
import { failurePage } from '../../shared/connections/pages.ts';
import { start } from '../../shared/connections/start.ts';
import { readEnv } from '../../shared/core/env.ts';
import { page } from '../middleware/page.ts';

const contract = connectionsContract.start;
const env = readEnv(contract.env);
const owner = readOwner(env.OWNER);
const ports = startPorts(env);

export const handler = page(
  contract,
  { secure: env.STAGE !== 'local', failure: (error, requestId) => failurePage(owner, error, requestId) },
  ({ path, form, cookie, header, moment }) =>
    start(
      ports,
      { link: path.link, form, cookie, origin: header('origin'), fetchSite: header('sec-fetch-site') },
      moment,
    ),
);
