module broker.example

go 1.19
