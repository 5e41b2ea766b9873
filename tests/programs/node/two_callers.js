// Two callers of one helper; one of them closes.
const fs = require('fs')

function openTable (path) {
  return fs.openSync(path) // LEAK
}

function readsAndCloses () {
  fs.closeSync(openTable('/etc/hostname'))
}

function reads () {
  openTable('/etc/hostname') // CALLER
}

for (let i = 0; i < 6; i++) {
  reads()
  readsAndCloses()
}
