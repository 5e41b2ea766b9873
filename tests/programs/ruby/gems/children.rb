# Starts commands, and leaves the three pipes to the caller, as Open4.popen4 does without a block.
module Children
  def self.start(command)
    theirs, input = IO.pipe
    output, out = IO.pipe
    errors, err = IO.pipe
    pid = fork do
      $stdin.reopen(theirs)
      $stdout.reopen(out)
      $stderr.reopen(err)
      exec(command)
    end
    [theirs, out, err].each(&:close)
    [pid, input, output, errors]
  end
end
