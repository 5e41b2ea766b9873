// The error path forgets the close.
const fs = require('fs')

function parse (path) {
  const fd = fs.openSync(path) // LEAK
  const bytes = Buffer.alloc(16)
  if (fs.readSync(fd, bytes) < 17) throw new Error('too short')
  fs.closeSync(fd)
}

for (let i = 0; i < 6; i++) {
  try {
    parse('/etc/hostname')
  } catch {
  }
}
