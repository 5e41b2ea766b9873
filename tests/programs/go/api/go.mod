module broker.example/api

go 1.19
