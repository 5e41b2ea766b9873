// An event loop for each call: a worker's loop has an epoll instance, an eventfd and a pipe.
const { spawn } = require('child_process')
const { Worker } = require('worker_threads')

const kept = []

function compute () {
  kept.push(new Worker('setInterval(() => {}, 1000)', { eval: true })) // LEAK
}

for (let i = 0; i < 3; i++) compute()
// A snapshot while the workers run: process.exit() ends them.
spawn('sh', ['-c', `sleep 1; kill -USR1 ${process.pid}`], { stdio: 'ignore' })
setTimeout(() => process.exit(0), 2500)
