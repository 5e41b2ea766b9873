// A connection for each call; the server keeps its ends on purpose and is closed.
const net = require('net')

function connectAgain (port) {
  return net.connect(port, '127.0.0.1') // LEAK
}

const server = net.createServer((socket) => socket.resume())
server.listen(0, '127.0.0.1', () => {
  for (let i = 0; i < 5; i++) connectAgain(server.address().port)
  setTimeout(() => process.exit(0), 300)
})
