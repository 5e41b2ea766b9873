// Files are watched and never let go. libuv makes one inotify instance for a loop.
const fs = require('fs')

function watchConfig () {
  fs.watch('/etc/hostname', () => {}) // LEAK
}

for (let i = 0; i < 3; i++) watchConfig()
setTimeout(() => process.exit(0), 100)
