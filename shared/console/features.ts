import { callsAnswers } from '../calls/answers.ts';
import { callsContract } from '../calls/contract.ts';
import { connectionsAnswers } from '../connections/answers.ts';
import { connectionsContract } from '../connections/contract.ts';
import { deliveriesAnswers } from '../deliveries/answers.ts';
import { deliveriesContract } from '../deliveries/contract.ts';
import { syncsAnswers } from '../syncs/answers.ts';
import { syncsContract } from '../syncs/contract.ts';
import { tenantsAnswers } from '../tenants/answers.ts';
import { tenantsContract } from '../tenants/contract.ts';
import { webhooksAnswers } from '../webhooks/answers.ts';
import { webhooksContract } from '../webhooks/contract.ts';
import { consoleAnswers } from './answers.ts';
import { consoleContract } from './contract.ts';
import type { DescribedFeature } from './openapi.ts';

/** Every feature, in the order in which its user meets it. */
export const features: readonly DescribedFeature[] = [
  { name: 'tenants', about: 'Your customers, and their API keys.', contract: tenantsContract, answers: tenantsAnswers },
  {
    name: 'connections',
    about: "Your tenants' accounts at the providers.",
    contract: connectionsContract,
    answers: connectionsAnswers,
  },
  { name: 'calls', about: 'What you ask of a provider.', contract: callsContract, answers: callsAnswers },
  {
    name: 'webhooks',
    about: 'What providers tell the hub.',
    contract: webhooksContract,
    answers: webhooksAnswers,
  },
  {
    name: 'syncs',
    about: "The live copy of your tenants' objects.",
    contract: syncsContract,
    answers: syncsAnswers,
  },
  {
    name: 'deliveries',
    about: "The hub's own events, signed, to a URL of yours. Each at least once, in no promised order.",
    contract: deliveriesContract,
    answers: deliveriesAnswers,
  },
  { name: 'console', about: 'Health, and this description.', contract: consoleContract, answers: consoleAnswers },
];
