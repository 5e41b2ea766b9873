// A UDP socket for each message.
const dgram = require('dgram')

function report (text) {
  const socket = dgram.createSocket('udp4') // LEAK
  socket.send(text, 9, '127.0.0.1')
}

for (let i = 0; i < 4; i++) report('up')
setTimeout(() => process.exit(0), 300)
