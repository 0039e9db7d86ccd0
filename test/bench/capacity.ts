// How DynamoDB counts: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html and, for
// indexes, …/GSI.html#GSI.ThroughputConsiderations.Writes.

/** An attribute as it goes over the wire: `{"S": "text"}`. */
type Attribute = Readonly<Record<string, unknown>>;
export type Item = Readonly<Record<string, Attribute>>;

export interface IndexShape {
  readonly KeySchema: readonly { readonly AttributeName: string }[];
  readonly Projection: { readonly ProjectionType: string; readonly NonKeyAttributes?: readonly string[] };
}

export interface TableShape {
  readonly KeySchema: readonly { readonly AttributeName: string }[];
  readonly GlobalSecondaryIndexes?: readonly IndexShape[];
}

/** Returns an item's bytes. */
export function sizeOf(item: Item): number {
  return Object.entries(item).reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + weigh(value), 0);
}

function weigh(attribute: Attribute): number {
  const [[kind, value] = ['NULL', true]] = Object.entries(attribute);
  const whole = (inner: readonly number[]) => inner.reduce((sum, bytes) => sum + bytes + 1, 3);
  switch (kind) {
    case 'S':
      return Buffer.byteLength(value as string);
    case 'N':
      return Math.ceil((value as string).replace(/\D/g, '').replace(/^0+|0+$/g, '').length / 2) + 1;
    case 'B':
      return Buffer.byteLength(value as string, 'base64');
    case 'L':
      return whole((value as Attribute[]).map(weigh));
    case 'M':
      return whole(Object.entries(value as Item).map(([name, inner]) => Buffer.byteLength(name) + weigh(inner)));
    case 'BOOL':
    case 'NULL':
      return 1;
    default:
      throw new Error(`an attribute of type ${kind} is not known here`);
  }
}

/** Returns the units that reading so many bytes in one request takes. */
export function readUnits(bytes: number, isConsistent: boolean): number {
  return Math.max(1, Math.ceil(bytes / 4096)) * (isConsistent ? 1 : 0.5);
}

/** Returns the units of one write: of the table, and of each index whose entry it makes, moves, changes or takes away. */
export function writeUnits(table: TableShape, before: Item | undefined, after: Item | undefined): number {
  const own = Math.max(units(before), units(after), 1);
  const indexes = table.GlobalSecondaryIndexes ?? [];
  return own + indexes.reduce((sum, index) => sum + indexUnits(table, index, before, after), 0);
}

function indexUnits(table: TableShape, index: IndexShape, before: Item | undefined, after: Item | undefined): number {
  const [old, now] = [before, after].map((item) => entryOf(table, index, item));
  if (JSON.stringify(old) === JSON.stringify(now)) return 0;
  const keys = index.KeySchema.map(({ AttributeName }) => AttributeName);
  const moved = old && now && keys.some((key) => JSON.stringify(old[key]) !== JSON.stringify(now[key]));
  return moved ? units(old) + units(now) : Math.max(units(old), units(now));
}

/** What an index holds of an item: nothing where the item lacks one of its keys. */
function entryOf({ KeySchema }: TableShape, index: IndexShape, item: Item | undefined): Item | undefined {
  const { ProjectionType, NonKeyAttributes = [] } = index.Projection;
  if (!item || index.KeySchema.some(({ AttributeName }) => !item[AttributeName])) return undefined;
  const names = [...KeySchema, ...index.KeySchema].map(({ AttributeName }) => AttributeName);
  const kept = new Set([...names, ...NonKeyAttributes]);
  const entries = Object.entries(item).filter(([name]) => ProjectionType === 'ALL' || kept.has(name));
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function units(item: Item | undefined): number {
  return item ? Math.max(1, Math.ceil(sizeOf(item) / 1024)) : 0;
}
