import { Stack } from 'aws-cdk-lib';
import { CfnQueryDefinition, LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { Stage } from './stage.ts';

/** What runbook.md asks the logs, by name: ready in the console under Logs Insights, "Queries", in the stage's folder. `of`: the
 *  functions' lines, or the access log's. */
export const queries = {
  'what went wrong': {
    of: 'functions',
    text: `filter level in ["WARN", "ERROR"] or @message like /timed out|"status":"(error|failure|timeout)"/
| fields @timestamp, level, service, message, tenant, provider, connection, call, event, sync, subscription, session, outcome, code,
    cause, status, errorName, errorMessage, errorAt, requestId, @logStream
| sort @timestamp desc
| limit 500`,
  },
  'what was measured': {
    of: 'functions',
    text: `parse @message /"Metrics":\\[\\{"Name":"(?<metric>\\w+)"/
| filter ispresent(metric)
| stats count(*) as times by metric, provider, outcome, bin(5m)
| sort times desc`,
  },
  'one id, everywhere': {
    of: 'functions',
    text: `filter @message like "PUT THE ID HERE"
| sort @timestamp
| limit 500`,
  },
  'refusals of the API': {
    of: 'access',
    text: `filter status like /^[45]/
| stats count(*) as times, latest(requestId) as one by route, status, integrationError, authorizerError, error
| sort times desc`,
  },
} as const;

/** The questions that the runbook asks, saved where the operator looks. They cost nothing until they are asked. */
export class SavedQueries extends Construct {
  constructor(scope: Construct, id: string, stage: Stage) {
    super(scope, id);
    const groups = Stack.of(this)
      .node.findAll()
      .filter((node) => node instanceof LogGroup);
    for (const [name, { of, text }] of Object.entries(queries)) {
      const asked = groups.filter(({ node }) => (node.id === 'access-log') === (of === 'access'));
      new CfnQueryDefinition(this, name.replace(/\W+/g, '-'), {
        name: `patchbay-${stage.name}/${name}`,
        queryString: text,
        logGroupNames: asked.map(({ logGroupName }) => logGroupName),
      });
    }
  }
}
