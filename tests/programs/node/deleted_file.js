// A temporary file that is deleted and stays open.
const fs = require('fs')
const os = require('os')
const path = require('path')

function scratch () {
  const name = path.join(os.tmpdir(), `scratch-${process.pid}-${Math.random()}`)
  const fd = fs.openSync(name, 'w+') // LEAK
  fs.unlinkSync(name)
  return fd
}

for (let i = 0; i < 4; i++) scratch()
