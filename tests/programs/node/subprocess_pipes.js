// Child processes whose stdin is never ended: their pipes stay.
const { spawn } = require('child_process')

const kept = []

function convert (text) {
  const child = spawn('cat') // LEAK
  child.stdin.write(text)
  kept.push(child)
}

for (let i = 0; i < 3; i++) convert('x')
setTimeout(() => process.exit(0), 300)
