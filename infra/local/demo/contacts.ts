import { randomBytes } from 'node:crypto';
import type { ContactFeed } from './contact-feed.ts';
import type { ContactEvent, ContactWebhooks } from './contact-webhooks.ts';
import type { Row, Storage } from './storage.ts';

export interface Contact {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  /** ISO 8601 UTC, in ms; several contacts may share one. */
  readonly updatedAt: string;
  /** A tombstone: the contact is gone, its id stays listed. */
  readonly deleted?: true;
}

const given = ['Alan', 'Barbara', 'Claude', 'Dorothy', 'Edsger', 'Frances', 'Gordon', 'Hedy'];
const family = 'Allen Bell Conway Cray Dale Engel Floyd Gray Hoare Iverson Jones Kay Lamarr Moore Noether Perl'.split(
  ' ',
);
const FIRST_SEED_MS = Date.UTC(2026, 0, 5, 9);

export interface ContactParts {
  readonly storage: Storage;
  readonly webhooks: ContactWebhooks;
  readonly feed: ContactFeed;
  /** What a new account begins with. */
  readonly count: number;
}

export type Contacts = ReturnType<typeof contactsOf>;

/** Returns one account's contacts; a new account begins with some, four to each `updatedAt`. Webhooks and
 *  the feed tell of changes. */
export function contactsOf({ storage, webhooks, feed, count }: ContactParts, account: string) {
  if (!storage.get('SELECT 1 FROM contacts WHERE account = ?', account)) seed(storage, account, count);

  function write({ id, name, email, deleted }: Omit<Contact, 'updatedAt'>): Contact {
    const updatedAt = new Date().toISOString();
    const row = [account, id, name, email, updatedAt, deleted ? 1 : 0] as const;
    storage.run('INSERT OR REPLACE INTO contacts VALUES (?, ?, ?, ?, ?, ?)', ...row);
    return { id, name, email, updatedAt, ...(deleted && { deleted }) };
  }

  function get(id: string): Contact | undefined {
    const row = storage.get('SELECT * FROM contacts WHERE account = ? AND id = ?', account, id);
    return row && contact(row);
  }

  function told(type: ContactEvent, contact: Contact): Contact {
    void webhooks.tell(type, account, contact);
    feed.tell(account, contact);
    return contact;
  }

  return {
    get,
    put: (id: string, fields: { readonly name: string; readonly email: string }) =>
      told('contact.updated', write({ id, ...fields })),
    remove: (there: Contact) => told('contact.deleted', write({ ...there, deleted: true })),

    /** Those that have this in their name, a page of them. */
    named(part: string): Contact[] {
      const where = 'account = ? AND deleted = 0 AND instr(lower(name), lower(?)) > 0 ORDER BY id LIMIT 20';
      return storage.all(`SELECT * FROM contacts WHERE ${where}`, account, part).map(contact);
    },

    /** A repeated key answers with the first contact; `again` tells. */
    create(fields: { readonly name: string; readonly email: string }, key: string | undefined) {
      const before = key && storage.get('SELECT contact FROM repeats WHERE account = ? AND key = ?', account, key);
      const known = before ? get(String(before.contact)) : undefined;
      if (known) return { contact: known, again: true };
      const created = told('contact.created', write({ id: `con_${randomBytes(6).toString('hex')}`, ...fields }));
      if (key) storage.run('INSERT INTO repeats VALUES (?, ?, ?)', account, key, created.id);
      return { contact: created, again: false };
    },

    /** One page in the order of (updatedAt, id); `since` is inclusive. */
    list(since: string, cursor: string | null, limit: number) {
      const [updatedAt = '', id = ''] = cursor ? Buffer.from(cursor, 'base64url').toString('utf8').split(' ') : [];
      const rows = storage.all(
        `SELECT * FROM contacts WHERE account = ? AND updatedAt >= ? AND (updatedAt, id) > (?, ?)
         ORDER BY updatedAt, id LIMIT ?`,
        account,
        since,
        updatedAt,
        id,
        limit + 1,
      );
      const items = rows.slice(0, limit).map(contact);
      const last = rows.length > limit ? items.at(-1) : undefined;
      return { items, next: last ? Buffer.from(`${last.updatedAt} ${last.id}`).toString('base64url') : null };
    },
  };
}

function contact(row: Row): Contact {
  const { id, name, email, updatedAt, deleted } = row as unknown as Record<keyof Contact, string>;
  return { id, name, email, updatedAt, ...(Number(deleted) === 1 && { deleted: true }) };
}

function seed(storage: Storage, account: string, count: number) {
  for (let number = 0; number < count; number++) {
    const [first, last] = [given[number % given.length], family[Math.floor(number / given.length) % family.length]];
    const at = new Date(FIRST_SEED_MS + Math.floor(number / 4) * 3_600_000).toISOString();
    const email = `${first}.${last}@people.example`.toLowerCase();
    const id = `con_${String(number + 1).padStart(4, '0')}`;
    storage.run('INSERT INTO contacts VALUES (?, ?, ?, ?, ?, 0)', account, id, `${first} ${last}`, email, at);
  }
}
