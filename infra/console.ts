import type { Construct } from 'constructs';
import { consoleContract } from '../shared/console/contract.ts';
import { measured } from './alarms.ts';
import { type Hub, HubFeature } from './constructs/hub-feature.ts';

/** What the operator and monitors look at. */
export class Console extends HubFeature {
  constructor(scope: Construct, hub: Hub) {
    super(scope, 'console', hub);
    const { api, data, stage, alarms } = hub;
    const about = { PUBLIC_URL: api.publicUrl, VERSION: stage.version };

    this.functions(consoleContract, {
      health: { STAGE: stage.name, VERSION: stage.version, TENANTS_TABLE: data.tenants.use(['GetItem']) },
      openapi: about,
      docs: { STAGE: stage.name, ...about },
      record: { ACTIVITY_TABLE: data.activity.use(['PutItem']), ACTIVITY_DAYS: String(stage.activityDays) },
    });
    alarms.watch('lost-audit', 'activity', measured('AuditLost', undefined, 'service'));
  }
}
