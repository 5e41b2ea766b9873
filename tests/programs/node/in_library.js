// A library opens and keeps; the user's line is the call.
const tables = require('cached-tables')

function lookup (number) {
  return tables.table(number) // LEAK
}

for (let i = 0; i < 6; i++) lookup(i)
