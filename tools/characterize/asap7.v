// SPDX-License-Identifier: Apache-2.0
// ASAP7: the flip-flop has an inverted output alone.
module \$_DFF_P_ (input C, input D, output Q);
  wire inverted;
  DFFHQNx1_ASAP7_75t_R _TECHMAP_REPLACE_ (.CLK(C), .D(D), .QN(inverted));
  INVx1_ASAP7_75t_R invert (.A(inverted), .Y(Q));
endmodule
