// What the Node peers share: the point read.
const db = require('better-sqlite3')(process.env.DB, { readonly: true });
const read = db.prepare('SELECT id, tenant, status, body FROM jobs WHERE id = ?');
exports.job = (id) => read.get(+id);
