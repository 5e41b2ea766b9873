// A server for each call, which nobody closes.
const http = require('http')

function serveStatus () {
  const server = http.createServer((request, response) => response.end('ok'))
  server.listen(0) // LEAK
  return server
}

for (let i = 0; i < 4; i++) serveStatus()
setTimeout(() => process.exit(0), 100)
