# float_mac: ties away from zero in place of to even
s/_up = \([^&]*\)&.*;/_up = \1;/
# fused_dot: the last product is left out
s/ + v3 + v4/ + v4/
# int_dot: the negative bound is one off
s/under ? {1'b1, 11'd0}/under ? {1'b1, 11'd1}/
# kulisch: one's complement in place of two's
s/ + {[0-9]*'d0, s0}//
# lut_dot: no correction for two's complement weights
s/ + half//
