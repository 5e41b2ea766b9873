def library_opens
  $kept << File.open("/etc/passwd")
end
