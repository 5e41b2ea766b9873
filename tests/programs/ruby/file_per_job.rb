# Each job opens a file and keeps it; another method closes its own. Ruby closes all at its end.
$kept = []

class Worker
  def job(path)
    $kept << File.open(path) # LEAK
  end

  def closes(path)
    File.open(path).close
  end
end

6.times do
  Worker.new.job("/etc/passwd")
  Worker.new.closes("/etc/passwd")
end
