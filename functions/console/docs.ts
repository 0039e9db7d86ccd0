import { consoleContract } from '../../shared/console/contract.ts';
import { docsPage, failedPage } from '../../shared/console/docs.ts';
import { features } from '../../shared/console/features.ts';
import { describeApi } from '../../shared/console/openapi.ts';
import { readEnv } from '../../shared/core/env.ts';
import { ok } from '../../shared/core/result.ts';
import { page } from '../middleware/page.ts';

const env = readEnv(consoleContract.docs.env);
const shown = docsPage(describeApi(features, { version: env.VERSION, publicUrl: env.PUBLIC_URL }));

export const handler = page(consoleContract.docs, { secure: env.STAGE !== 'local', failure: failedPage }, async () =>
  ok({ page: shown }),
);
