module fetchpool/bench

go 1.19
