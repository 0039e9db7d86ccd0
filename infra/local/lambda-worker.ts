import { parentPort, workerData } from 'node:worker_threads';

/** One execution environment: imports the bundle once, then runs one event after the other. Its output goes over the
 *  same port as its answers, so that a line never arrives after the invocation it belongs to. */
const { file, exported, name, arn, memoryMb } = workerData;
const send = (message: object) => parentPort?.postMessage(message);

for (const stream of [process.stdout, process.stderr]) {
  stream.write = (chunk: string | Uint8Array) => {
    send({ kind: 'output', text: Buffer.from(chunk).toString() });
    return true;
  };
}

function fail(error: unknown): void {
  const { name, message, stack = '' } = error instanceof Error ? error : new Error(String(error));
  send({ kind: 'failure', error: { errorType: name, errorMessage: message, trace: stack.split('\n') } });
}

try {
  const handler = (await import(file))[exported];
  if (typeof handler !== 'function') throw new Error(`${file} exports no function ${exported}`);
  parentPort?.on('message', async ({ event, requestId, deadlineMs }) => {
    const context = {
      awsRequestId: requestId,
      functionName: name,
      functionVersion: '$LATEST',
      invokedFunctionArn: arn,
      memoryLimitInMB: String(memoryMb),
      callbackWaitsForEmptyEventLoop: true,
      logGroupName: `/aws/lambda/${name}`,
      logStreamName: 'local',
      getRemainingTimeInMillis: () => Math.max(0, deadlineMs - Date.now()),
    };
    try {
      send({ kind: 'result', payload: JSON.stringify((await handler(JSON.parse(event), context)) ?? null) });
    } catch (error) {
      fail(error);
    }
  });
  send({ kind: 'ready' });
} catch (error) {
  fail(error);
}
