import { linkPorts } from '../../shared/connections/connect-ports.ts';
import { connectionsContract } from '../../shared/connections/contract.ts';
import { openLink } from '../../shared/connections/open-link.ts';
import { readOwner } from '../../shared/connections/owner.ts';
import { askingPage, failurePage } from '../../shared/connections/pages.ts';
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
  async ({ path, cookie, moment }) => {
    const opened = await openLink(ports, path.link, cookie, moment);
    if (!opened.ok) return opened;
    const { session, entry, app, csrf, cookie: set } = opened.value;
    return ok({
      page: askingPage(owner, { session, provider: entry.provider, app, link: path.link, csrf }),
      cookies: [set],
    });
  },
);
