// Files that threads of the pool open, for promises and callbacks.
const fs = require('fs')

const kept = []

async function loadTable (path) {
  const handle = await fs.promises.open(path) // LEAK
  kept.push(handle)
  return handle.stat()
}

function readsAndCloses (path) {
  fs.open(path, 'r', (error, fd) => error || fs.close(fd, () => {}))
}

async function main () {
  for (let i = 0; i < 6; i++) {
    await loadTable('/etc/hostname')
    readsAndCloses('/etc/passwd')
  }
  setTimeout(() => process.exit(0), 300)
}

main()
