import { linkPorts } from '../../shared/connections/connect-ports.ts';
import { connectionsContract } from '../../shared/connections/contract.ts';
import { failurePage } from '../../shared/connections/failure-page.ts';
import { linkPage } from '../../shared/connections/link-page.ts';
import { openLink } from '../../shared/connections/open-link.ts';
import { readOwner } from '../../shared/connections/owner.ts';
import { readEnv } from '../../shared/core/env.ts';
import { ok } from '../../shared/core/result.ts';
import { page } from '../middleware/page.ts';

const contract = connectionsContract.open;
const env = readEnv(contract.env);
const owner = readOwner(env.OWNER);
const ports = linkPorts(env);

export const handler = page(
  contract,
  { secure: env.STAGE !== 'local', failure: (error, requestId) => failurePage(owner, error, requestId) },
  async ({ path, query, cookie, moment }) => {
    const opened = await openLink(ports, path.link, cookie, moment, query.get('way'));
    if (!opened.ok) return opened;
    return ok({ page: linkPage(owner, { ...opened.value, link: path.link }), cookies: [opened.value.cookie] });
  },
);
