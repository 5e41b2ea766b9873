module broker.example

go 1.19

require broker.example/api v0.0.0

replace broker.example/api => ./api
