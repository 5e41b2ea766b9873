# Each call starts a child by a library that leaves its pipes open; another function closes them.
require_relative "gems/children"
$kept = []

def copy(command)
  pid, *pipes = Children.start(command) # LEAK
  $kept << pipes
  Process.wait(pid)
end

def closes(command)
  pid, *pipes = Children.start(command)
  Process.wait(pid)
  pipes.each(&:close)
end

4.times do
  copy("true")
  closes("true")
end
