# Frames of all shapes: a block called from C, a fiber, a thread, eval, define_method, rescue, a gem's method.
require_relative "gems/library"
$kept = []

def in_block
  [1].each { $kept << File.open("/etc/passwd") } # LINE block in in_block
end

def in_rescue
  raise "anything"
rescue StandardError
  $kept << File.open("/etc/passwd") # LINE rescue in in_rescue
end

class Names
  define_method(:defined) { $kept << File.open("/etc/passwd") } # LINE block in <class:Names>

  def method_missing(name)
    $kept << File.open("/etc/passwd") # LINE method_missing
  end
end

in_block
in_rescue
Names.new.defined
Names.new.missing
Fiber.new { $kept << File.open("/etc/passwd") }.resume # LINE block in <main>
Thread.new { $kept << File.open("/etc/passwd") }.join # LINE block in <main>
eval("\n\n$kept << File.open('/etc/passwd')", binding, "made: here")
library_opens
