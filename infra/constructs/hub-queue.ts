import { Duration } from 'aws-cdk-lib';
import { type IEventBus, Rule, RuleTargetInput } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { type IQueue, Queue, QueueEncryption, type QueueProps, RedrivePermission } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { FunctionContract, QueueEntry } from '../../shared/core/contract.ts';
import type { Alarms } from '../alarms.ts';
import { accept } from './accept.ts';
import { type Binding, binding } from './binding.ts';
import { EVENT_SOURCE } from './hub-bus.ts';
import type { HubFunction } from './hub-function.ts';

const safe = { encryption: QueueEncryption.SQS_MANAGED, enforceSSL: true }; // no KMS: intake must outlive its outage

/** Where messages end that were given up: kept for 14 days, and someone is called at the first. */
export class DeadLetterQueue extends Queue {
  constructor(scope: Construct, id: string, alarms: Alarms, subject: string, props: QueueProps = {}) {
    super(scope, id, { ...safe, retentionPeriod: Duration.days(14), ...props });
    alarms.watch('dead-letters', subject, this.metricApproximateNumberOfMessagesVisible({ statistic: 'Maximum' }));
    const last = 'it is a dead-letter queue itself: an alarm and a person come next';
    accept(this, { 'AwsSolutions-SQS3': last, 'Serverless-SQSRedrivePolicy': last });
  }
}

/** Returns the one where ticks, events and invocations end: no queue gives up into it. */
export function openFailed(scope: Construct, alarms: Alarms): DeadLetterQueue {
  const redriveAllowPolicy = { redrivePermission: RedrivePermission.DENY_ALL };
  return new DeadLetterQueue(scope, 'failed', alarms, 'failed', { redriveAllowPolicy });
}

/** Returns the URLs of all dead-letter queues that this scope has by now, with the right to count what is in them. */
export function deadLetters(scope: Construct): Binding {
  const queues = scope.node.findAll().filter((one) => one instanceof DeadLetterQueue);
  const urls = queues.map(({ queueUrl }) => queueUrl).join(' ');
  return binding(urls, { actions: ['sqs:GetQueueAttributes'], resources: queues.map(({ queueArn }) => queueArn) });
}

export interface HubQueueProps {
  /** The contract of the function that takes its messages. */
  readonly consumer: FunctionContract & { readonly entry: QueueEntry };
  /** Batches under way at the same time. */
  readonly concurrency: number;
  /** After this many receipts a message is given up: 5 to 10. Where messages wait by being hidden, each wait is one. */
  readonly receives: number;
  /** Someone is called when a message waits longer than this, s. */
  readonly alarmAgeS: number;
  readonly alarms: Alarms;
}

/** A standard queue with its dead-letter queue, alarms on both, and the settings its consumer needs. */
export class HubQueue extends Construct {
  readonly #queue: Queue;
  readonly #props: HubQueueProps;

  constructor(scope: Construct, id: string, props: HubQueueProps) {
    super(scope, id);
    this.#props = props;
    const subject = this.node.path.split('/').slice(1).join('/');
    this.#queue = new Queue(this, 'queue', {
      ...safe,
      retentionPeriod: Duration.days(4),
      visibilityTimeout: Duration.seconds(6 * props.consumer.timeoutS), // what AWS asks for: room for throttled batches
      deadLetterQueue: {
        queue: new DeadLetterQueue(this, 'dead', props.alarms, subject),
        maxReceiveCount: props.receives,
      },
    });
    const age = this.#queue.metricApproximateAgeOfOldestMessage({ statistic: 'Maximum' });
    props.alarms.watch('waiting-messages', subject, age, props.alarmAgeS);
  }

  /** Returns the queue's URL with the right to send. */
  send(): Binding {
    return binding(this.#queue.queueUrl, { actions: ['sqs:SendMessage'], resources: [this.#queue.queueArn] });
  }

  /** Takes the events of the hub from its bus, those of these types where some are named; what cannot be put in is left to
   *  `failed`. */
  hear(bus: IEventBus, failed: IQueue, types?: readonly string[]): void {
    new Rule(this, 'rule', {
      eventBus: bus,
      eventPattern: { source: [EVENT_SOURCE], ...(types && { detailType: [...types] }) },
      targets: [
        new SqsQueue(this.#queue, {
          message: RuleTargetInput.fromEventPath('$.detail'),
          deadLetterQueue: failed,
          maxEventAge: Duration.hours(24),
        }),
      ],
    });
  }

  /** Hands its messages to the function, in batches that fail message by message. */
  feed(fn: HubFunction): void {
    const { consumer, concurrency } = this.#props;
    fn.addEventSource(
      new SqsEventSource(this.#queue, {
        batchSize: consumer.entry.batchSize,
        maxConcurrency: concurrency,
        reportBatchItemFailures: true,
      }),
    );
    accept(fn, {
      'Serverless-LambdaEventSourceMappingDestination': 'SQS has none: the dead-letter queue takes what is given up',
    });
  }
}
