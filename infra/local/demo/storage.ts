import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';

export type Storage = ReturnType<typeof openStorage>;
export type Row = Record<string, SQLInputValue>;

/** Returns what the demo provider knows: in the file, or in memory where there is none. */
export function openStorage(file = ':memory:') {
  if (file !== ':memory:') mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const db = new DatabaseSync(file);
  db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
    CREATE TABLE IF NOT EXISTS grants (model TEXT, id TEXT, payload TEXT, grantId TEXT, uid TEXT, expiresAt REAL,
      PRIMARY KEY (model, id));
    CREATE TABLE IF NOT EXISTS contacts (account TEXT, id TEXT, name TEXT, email TEXT, updatedAt TEXT, deleted INTEGER,
      PRIMARY KEY (account, id));
    CREATE TABLE IF NOT EXISTS repeats (account TEXT, key TEXT, contact TEXT, PRIMARY KEY (account, key));`);
  return {
    run: (sql: string, ...values: SQLInputValue[]) => void db.prepare(sql).run(...values),
    get: (sql: string, ...values: SQLInputValue[]) => db.prepare(sql).get(...values) as Row | undefined,
    all: (sql: string, ...values: SQLInputValue[]) => db.prepare(sql).all(...values) as Row[],
    close: () => db.close(),
  };
}

/** Returns the adapter that oidc-provider keeps its grants, tokens and sessions with, so that they survive a restart. */
export function grantStorage(storage: Storage) {
  const read = (row: Row | undefined) => (row ? JSON.parse(String(row.payload)) : undefined);
  return (model: string) => ({
    async upsert(id: string, payload: { grantId?: string; uid?: string }, expiresInS?: number) {
      storage.run(
        'INSERT OR REPLACE INTO grants VALUES (?, ?, ?, ?, ?, ?)',
        model,
        id,
        JSON.stringify(payload),
        payload.grantId ?? null,
        payload.uid ?? null,
        expiresInS === undefined ? Number.MAX_SAFE_INTEGER : Date.now() + expiresInS * 1000,
      );
    },
    async find(id: string) {
      return read(
        storage.get('SELECT payload FROM grants WHERE model = ? AND id = ? AND expiresAt > ?', model, id, Date.now()),
      );
    },
    async findByUid(uid: string) {
      return read(
        storage.get('SELECT payload FROM grants WHERE model = ? AND uid = ? AND expiresAt > ?', model, uid, Date.now()),
      );
    },
    async consume(id: string) {
      const nowS = Math.floor(Date.now() / 1000);
      storage.run(
        "UPDATE grants SET payload = json_set(payload, '$.consumed', ?) WHERE model = ? AND id = ?",
        nowS,
        model,
        id,
      );
    },
    async destroy(id: string) {
      storage.run('DELETE FROM grants WHERE model = ? AND id = ?', model, id);
    },
    async revokeByGrantId(grantId: string) {
      storage.run('DELETE FROM grants WHERE grantId = ? AND model = ?', grantId, model);
    },
  });
}
