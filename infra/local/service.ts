import { closeSync, existsSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { region } from './resources.ts';

/** Tells the person at the keyboard. */
export type Say = (line: string) => void;

/** A JSON request's body. What is inside is checked where it is used. */
export type Input = Readonly<Record<string, unknown>>;

/** One request of a function to AWS. */
export interface AwsRequest {
  readonly method: string;
  /** Path and query as received. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** From `x-amz-target`, else empty. */
  readonly operation: string;
  readonly input: Input;
}

export interface AwsAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

/** What IAM would ask of the caller before it lets the request through. */
export interface Demand {
  readonly action: string;
  readonly resource: string;
  /** Condition keys of the request, as `kms:EncryptionContext:tenantId`. */
  readonly context?: Readonly<Record<string, string>>;
}

export interface Service {
  demands(request: AwsRequest): readonly Demand[];
  answer(request: AwsRequest): Promise<AwsAnswer>;
}

/** A refusal in AWS's own words; the SDK makes an exception named `code` of it. */
export class AwsError extends Error {
  readonly code: string;
  readonly status: number;
  constructor(code: string, message: string, status = 400) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

/** Returns a service of AWS JSON 1.0/1.1 operations; one outside `operations` is refused by name. */
export function jsonService(
  operations: Readonly<Record<string, (input: Input) => unknown>>,
  demands: (operation: string, input: Input) => readonly Demand[],
): Service {
  return {
    demands({ operation, input }) {
      if (Object.hasOwn(operations, operation)) return demands(operation, input);
      throw new AwsError('UnknownOperationException', `${operation} does not exist on this computer`);
    },
    async answer({ operation, input, headers }) {
      return jsonAnswer(200, (await operations[operation]?.(input)) ?? {}, headers['content-type']);
    },
  };
}

export function jsonAnswer(status: number, body: unknown, type = 'application/x-amz-json-1.1'): AwsAnswer {
  return { status, headers: { 'content-type': type }, body: JSON.stringify(body) };
}

/** Returns the headers of a request of the hub itself; nobody here checks a signature. */
export function signed(service: string, target: string): Record<string, string> {
  return {
    'content-type': 'application/x-amz-json-1.0',
    'x-amz-target': target,
    'x-amz-date': '20260101T000000Z',
    authorization: `AWS4-HMAC-SHA256 Credential=local/20260101/${region}/${service}/aws4_request, SignedHeaders=host, Signature=0`,
  };
}

/** Returns a string field of a request; throws `ValidationException` where it is missing. */
export function text(input: Input, field: string): string {
  const value = input[field];
  if (typeof value !== 'string' || value === '') throw new AwsError('ValidationException', `${field} is required`);
  return value;
}

/** Writes a file only its owner may read, whole or not at all. */
export function writePrivate(path: string, content: string | Buffer): void {
  closeSync(openSync(`${path}.new`, 'w', 0o600));
  writeFileSync(`${path}.new`, content);
  renameSync(`${path}.new`, path);
}

/** Returns the file's content, made by `make` the first time; only its owner may read it. */
export function keepPrivate(path: string, make: () => Buffer): Buffer {
  if (!existsSync(path)) writePrivate(path, make());
  return readFileSync(path);
}
